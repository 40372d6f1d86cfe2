/// <reference types="vite/client" />

declare module "virtual:land" {
  const topology: unknown;
  export default topology;
}

declare module "topojson-simplify" {
  import type { Topology } from "topojson-specification";
  export function presimplify<T extends Topology>(topology: T): T;
  export function quantile(topology: Topology, p: number): number;
  export function simplify<T extends Topology>(topology: T, minimumWeight: number): T;
  export function filter<T extends Topology>(topology: T, filter: unknown): T;
  export function filterWeight(topology: Topology, minimumWeight: number): unknown;
}

declare module "punycode/punycode.es6.js" {
  const punycode: { toUnicode(domain: string): string };
  export default punycode;
}
