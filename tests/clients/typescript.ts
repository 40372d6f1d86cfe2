// Ranks with the types that openapi-typescript generated.
import createClient from "openapi-fetch";
import { readFileSync } from "node:fs";
import type { components, paths } from "./schema.js";

const document = JSON.parse(readFileSync(`${process.env.WORK}/openapi.json`, "utf8"));
const example = (path: string) => document.paths[path].post.requestBody.content["application/json"].example;
const client = createClient<paths>({ baseUrl: process.env.ROOT });

async function main() {
    const modes: components["schemas"]["RankRequest"]["mode"][] = ["cost", "time", "random", 0, 0.5, 1, -1];
    for (const mode of modes) {
        const services: components["schemas"]["RankRequest"] = { ...example("/rank-services"), mode };
        const ranked = await client.POST("/rank-services", { body: services });
        if (ranked.data?.service_combinations[0].rank !== 1) throw new Error(JSON.stringify(ranked.error));
        const task: components["schemas"]["TaskRequest"] = { ...example("/rank-tasks"), mode };
        const answer = await client.POST("/rank-tasks", { body: task });
        if (answer.data?.tes_uris.length !== 2) throw new Error(JSON.stringify(answer.error));
    }
    console.log("clients: the TypeScript client ranks in every mode");
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
