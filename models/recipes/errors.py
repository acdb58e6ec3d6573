"""What a recipe says when it cannot go on: what is wrong, where, and what to do."""


class RecipeError(Exception):
    """Something that the user can put right."""


class DataMissing(RecipeError):
    """The data folder does not hold what the recipe needs."""
