"""Recipes that train, export and quantize the models in this repository.

Run `python -m recipes --list` in the folder above this one.
"""
