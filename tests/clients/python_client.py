"""Ranks with the client that openapi-python-client generated."""

import json
import os

from python import Client
from python.api.ranking import rank_services, rank_tasks
from python.models import RankRequest, TaskRequest

root = os.environ["ROOT"]
with open(os.path.join(os.environ["WORK"], "openapi.json"), encoding="utf-8") as file:
    paths = json.load(file)["paths"]


def example(path):
    return paths[path]["post"]["requestBody"]["content"]["application/json"]["example"]


client = Client(base_url=root)
for mode in ("cost", "time", "random", 0, 0.5, 1, -1):
    body = RankRequest.from_dict({**example("/rank-services"), "mode": mode})
    answer = rank_services.sync(client=client, body=body)
    assert answer.service_combinations[0].rank == 1, answer
    body = TaskRequest.from_dict({**example("/rank-tasks"), "mode": mode})
    answer = rank_tasks.sync(client=client, body=body)
    assert answer.service_combinations[0].rank == 1, answer
    assert len(answer.tes_uris) == 2, answer
print("clients: openapi-python-client ranks in every mode")
