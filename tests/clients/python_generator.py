"""Ranks with the client that openapi-generator generated."""

import json
import os

import testribute_client as api

with open(os.path.join(os.environ["WORK"], "openapi.json"), encoding="utf-8") as file:
    paths = json.load(file)["paths"]


def example(path):
    return paths[path]["post"]["requestBody"]["content"]["application/json"]["example"]


configuration = api.Configuration(host=os.environ["ROOT"])
with api.ApiClient(configuration) as client:
    ranking = api.RankingApi(client)
    for mode in ("cost", "time", "random", 0, 0.5, 1, -1):
        request = api.RankRequest.from_dict({**example("/rank-services"), "mode": mode})
        assert ranking.rank_services(request).service_combinations[0].rank == 1
        request = api.TaskRequest.from_dict({**example("/rank-tasks"), "mode": mode})
        answer = ranking.rank_tasks(request)
        assert answer.service_combinations[0].rank == 1
        assert len(answer.tes_uris) == 2
print("clients: openapi-generator's Python client ranks in every mode")
