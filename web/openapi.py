"""Prints the server's OpenAPI document, from which ``npm run api`` makes the front end's types (`make api`)."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from limner.serve.app import create_app
from limner.serve.house import House
from limner.serve.settings import ServeSettings

if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        house = House.open(ServeSettings(data=Path(folder)))
        json.dump(create_app(house=house).openapi(), sys.stdout, sort_keys=True)
        house.close()
