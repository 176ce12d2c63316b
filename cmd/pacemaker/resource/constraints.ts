/** crm_resource -a and -A: what keeps a resource where it is (spec/outputs-and-tools D8). */

import { compareBytes } from "../../../lib/base/collections.ts";
import { Exit } from "../../../lib/base/exit.ts";
import { parseScore, scoreText } from "../../../lib/base/score.ts";
import type { ColocationConstraint } from "../../../lib/cib/model.ts";
import { ListWriter } from "../../../lib/render/list-writer.ts";
import {
  type ConfiguredLocation,
  configuredLocations,
} from "../../../lib/scheduler/constraints/configured-locations.ts";
import { parseRole, Role, roleText } from "../../../lib/status/roles.ts";
import type { ClusterStatus } from "../../../lib/status/state.ts";
import { attr, element, type XmlElement } from "../../../lib/xml/node.ts";
import { collective, configId, type ResourceContext, wantedResource } from "./context.ts";

type Side = "dependent" | "primary";

function scoreOf(c: ColocationConstraint): string {
  return scoreText(parseScore(attr(c.xml, "score") ?? "INFINITY") ?? 0);
}

function colocationXml(c: ColocationConstraint): XmlElement {
  return element("rsc_colocation", {
    id: c.id,
    rsc: c.dependent ?? "",
    "with-rsc": c.primary ?? "",
    score: scoreOf(c),
    "node-attribute": attr(c.xml, "node-attribute") ?? "#uname",
  });
}

/** Colocations with `id` on one side: those of the highest priority on the other side first, then by name. */
export function colocationsOf(
  status: ClusterStatus,
  id: string,
  side: Side,
): readonly ColocationConstraint[] {
  const other = (c: ColocationConstraint) => (side === "primary" ? c.dependent : c.primary) ?? "";
  const priority = (name: string) =>
    status.resources.find((r) => r.config.id === name)?.priority ?? 0;
  return status.cib.constraints
    .filter((c): c is ColocationConstraint => c.kind === "colocation" && c[side] === id)
    .sort((a, b) => priority(other(b)) - priority(other(a)) || compareBytes(other(a), other(b)));
}

class Listing {
  readonly out = new ListWriter();
  readonly xml: XmlElement[] = [];
  private visited = new Set<string>();
  private readonly configured: readonly ConfiguredLocation[];

  constructor(
    private readonly context: ResourceContext,
    private readonly recursive: boolean,
  ) {
    this.configured = configuredLocations(context.status);
  }

  locations(id: string): void {
    const rows = this.configured
      .filter((c) => c.resource === id)
      .flatMap((c) =>
        c.nodes.map(({ node, score }) => ({ id: c.id, node, score: scoreText(score) })),
      );
    if (rows.length === 0) return;
    this.out.begin("Locations");
    for (const r of rows) this.out.item(`Node ${r.node} (score=${r.score}, id=${r.id}, rsc=${id})`);
    this.out.end();
    for (const r of rows) {
      this.xml.push(element("rsc_location", { node: r.node, rsc: id, id: r.id, score: r.score }));
    }
  }

  private colocations(id: string, side: Side): readonly ColocationConstraint[] {
    return colocationsOf(this.context.status, id, side);
  }

  /** The other side of each colocation, with its own locations below. */
  related(id: string, own: Side, depthFirst: boolean): void {
    const rows = this.colocations(id, own);
    this.visited.add(id);
    if (rows.length === 0) return;
    this.out.begin(
      own === "primary" ? `Resources colocated with ${id}` : `Resources ${id} is colocated with`,
    );
    for (const c of rows) {
      const other = (own === "primary" ? c.dependent : c.primary) ?? "";
      this.xml.push(colocationXml(c));
      if (this.visited.has(other)) {
        this.out.item(`${other} (id=${c.id} - loop)`);
        continue;
      }
      this.one(c, other, own);
      if (depthFirst) this.related(other, own, true);
      this.out.end();
    }
    this.out.end();
  }

  private one(c: ColocationConstraint, other: string, own: Side): void {
    const score = scoreOf(c);
    const role = parseRole(attr(c.xml, "with-rsc-role") ?? "") ?? Role.unknown;
    const word = own === "primary" ? "needs role" : "with role";
    const needs = role >= Role.unpromoted ? `${word}=${roleText(role)}, ` : "";
    this.out.item(`${other} (score=${score}, ${needs}id=${c.id})`);
    this.out.begin("");
    this.locations(other);
    this.visited.add(other);
  }

  all(id: string): void {
    this.locations(id);
    this.related(id, "primary", this.recursive);
    this.visited = new Set();
    this.related(id, "dependent", this.recursive);
  }
}

/** -a; with `recursive` -A. */
export function listConstraints(context: ResourceContext, recursive: boolean): number {
  const resource = collective(context, wantedResource(context));
  const listing = new Listing(context, recursive);
  listing.all(configId(resource));
  context.output.raw(listing.out.text());
  context.output.xml(element("constraints", {}, listing.xml));
  return Exit.ok;
}
