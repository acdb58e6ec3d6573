"""Writes the images of a Hugging Face table as files: image_folder.py TABLE.parquet FOLDER"""

import json
import sys
from pathlib import Path

import pyarrow.parquet as parquet


def main():
    table, folder = parquet.read_table(sys.argv[1]), Path(sys.argv[2])
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    names = features["label"]["names"]
    for name in names:
        (folder / name).mkdir(parents=True)
    columns = table.column("img").combine_chunks().field("bytes"), table.column("label")
    for row, (image, label) in enumerate(zip(*columns)):
        (folder / names[label.as_py()] / f"{row:05}.jpg").write_bytes(image.as_py())


if __name__ == "__main__":
    main()
