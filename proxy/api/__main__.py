"""`python -m proxy.api` prints the OpenAPI document: `docs/openapi.json` is its last output."""

import json

from proxy.api.doors import openapi

print(json.dumps(openapi(), indent=2, ensure_ascii=False))
