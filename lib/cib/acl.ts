/**
 * Access rules: who may see and change what (spec/outputs-and-tools.md D5). They are on when the cluster option enable-acl
 * is true; root and hacluster are exempt. The nearest element, upwards from the one in question, whose own rules allow or
 * deny decides; where none does, access is denied.
 */
import { isRejection } from "../base/error.ts";
import { Errno } from "../base/result-code.ts";
import { pairChildren } from "../xml/diff.ts";
import { attr, child, element, withChildren, type XmlElement } from "../xml/node.ts";
import { stepText } from "../xml/path.ts";
import { compileXPath, select } from "../xml/xpath.ts";
import { writtenProperty } from "./properties.ts";
import { type AclNote, type CibRejection, refuse } from "./request.ts";

type Kind = "read" | "write" | "deny";

/** One permission of a user: what it allows on which elements. */
export interface AclPermission {
  readonly kind: Kind;
  readonly xpath: string;
}

/** Own rules of an element. */
interface Flags {
  read: boolean;
  write: boolean;
  deny: boolean;
}

/** Effective access to an element. */
export type Access = "denied" | "readable" | "writable";

/** True when the configuration asks for access rules. */
export function aclsEnabled(root: XmlElement): boolean {
  return /^(true|on|yes|y|1)$/i.test(writtenProperty(root, "enable-acl") ?? "");
}

/** Users to whom rules never apply. */
export function isExempt(user: string | undefined): boolean {
  return user === undefined || user === "" || user === "root" || user === "hacluster";
}

/** The permissions of a user, in document order; empty when nothing is said about the user. */
export function permissionsOf(
  root: XmlElement,
  user: string,
  groups: readonly string[] = [],
): readonly AclPermission[] {
  const configuration = child(root, "configuration");
  const acls = configuration === undefined ? undefined : child(configuration, "acls");
  if (acls === undefined) return [];
  const roles = new Map<string, XmlElement>();
  for (const role of acls.children) {
    const id = attr(role, "id");
    if (role.name === "acl_role" && id !== undefined && !roles.has(id)) roles.set(id, role);
  }
  const permissions: AclPermission[] = [];
  for (const entry of acls.children) {
    const name = attr(entry, "name") ?? attr(entry, "id") ?? "";
    const isOurs =
      (entry.name === "acl_target" && name === user) ||
      (entry.name === "acl_group" && groups.includes(name));
    if (!isOurs) continue;
    for (const reference of entry.children) {
      const role = reference.name === "role" ? roles.get(attr(reference, "id") ?? "") : undefined;
      for (const permission of role?.children ?? []) {
        const parsed = parsePermission(permission);
        if (parsed !== undefined) permissions.push(parsed);
      }
    }
  }
  return permissions;
}

function parsePermission(node: XmlElement): AclPermission | undefined {
  const kind = attr(node, "kind");
  if (node.name !== "acl_permission") return undefined;
  if (kind !== "read" && kind !== "write" && kind !== "deny") return undefined;
  const given = attr(node, "xpath");
  if (given !== undefined) return { kind, xpath: given };
  const reference = attr(node, "reference");
  const objectType = attr(node, "object-type");
  const attribute = attr(node, "attribute");
  if (reference === undefined && objectType === undefined && attribute === undefined) {
    return undefined;
  }
  const conditions: string[] = [];
  if (reference !== undefined) conditions.push(`@id='${reference}'`);
  if (attribute !== undefined) conditions.push(`@${attribute}`);
  const filter = conditions.length === 0 ? "" : `[${conditions.join(" and ")}]`;
  return { kind, xpath: `//${objectType ?? "*"}${filter}` };
}

/** Which elements of a tree the permissions speak of. */
function flagsOn(
  root: XmlElement,
  permissions: readonly AclPermission[],
): ReadonlyMap<XmlElement, Flags> {
  const flags = new Map<XmlElement, Flags>();
  for (const { kind, xpath } of permissions) {
    const compiled = compileXPath(xpath);
    const matches = isRejection(compiled) ? compiled : select(root, compiled);
    // An expression that we cannot evaluate allows nothing; as a denial it denies everything.
    const unknown = kind === "deny" ? [root] : [];
    const nodes = isRejection(matches) ? unknown : matches.map((m) => m.cursor.node);
    for (const node of nodes) {
      let own = flags.get(node);
      if (own === undefined) {
        own = { read: false, write: false, deny: false };
        flags.set(node, own);
      }
      own[kind] = true;
    }
  }
  return flags;
}

/** What an element's own rules make of the access inherited from its parent. */
function accessOf(own: Flags | undefined, inherited: Access): Access {
  if (own === undefined) return inherited;
  if (own.deny) return "denied";
  // A read rule does not take away the right to write that an ancestor gives.
  if (own.write || inherited === "writable") return "writable";
  return own.read ? "readable" : inherited;
}

/** Effective access to every element of a tree; for filters and for --show-access. */
export function evaluateAccess(
  root: XmlElement,
  permissions: readonly AclPermission[],
): (node: XmlElement, inherited: Access) => Access {
  const flags = flagsOn(root, permissions);
  return (node, inherited) => accessOf(flags.get(node), inherited);
}

/**
 * The part of a CIB that a user may see. `rules` is the CIB whose access rules count, the same one unless given.
 * Refused with EACCES when nothing may be seen.
 */
export function filterRead(
  root: XmlElement,
  user: string | undefined,
  groups: readonly string[] | undefined,
  rules: XmlElement = root,
): XmlElement | CibRejection {
  if (isExempt(user) || user === undefined || !aclsEnabled(rules)) return root;
  const permissions = permissionsOf(rules, user, groups);
  if (permissions.length === 0) return refuse(Errno.EACCES);
  const access = evaluateAccess(root, permissions);
  return visible(root, "denied", access) ?? refuse(Errno.EACCES);
}

function visible(
  node: XmlElement,
  inherited: Access,
  access: (node: XmlElement, inherited: Access) => Access,
): XmlElement | undefined {
  const own = access(node, inherited);
  const children: XmlElement[] = [];
  let changed = false;
  for (const c of node.children) {
    const shown = visible(c, own, access);
    if (shown !== c) changed = true;
    if (shown !== undefined) children.push(shown);
  }
  if (own !== "denied") return changed ? withChildren(node, children) : node;
  if (children.length === 0) return undefined;
  // The way to what may be seen stays, without saying more than its id.
  return element(node.name, { id: attr(node, "id") }, children);
}

/** The verdict on a change of a whole tree. */
export interface WriteVerdict {
  readonly allowed: boolean;
  readonly notes: readonly AclNote[];
}

/** May a user make this change of a whole tree, by the rules of the tree before it. */
export function checkWrite(
  before: XmlElement,
  after: XmlElement,
  user: string | undefined,
  groups: readonly string[] | undefined,
): WriteVerdict {
  if (isExempt(user) || user === undefined || !aclsEnabled(before)) {
    return { allowed: true, notes: [] };
  }
  const permissions = permissionsOf(before, user, groups);
  const check = new WriteCheck(
    user,
    permissions.length === 0,
    evaluateAccess(before, permissions),
    evaluateAccess(after, permissions),
  );
  check.compare({ node: before }, { node: after }, false);
  return { allowed: check.allowed, notes: check.notes };
}

type Evaluate = (node: XmlElement, inherited: Access) => Access;

/** An element with what is known of the way to it. */
interface Place {
  readonly node: XmlElement;
  /** Absent for the root. */
  readonly path?: string;
  readonly access?: Access;
  /** A denial above it, none if access just was never granted. */
  readonly deniedAbove?: boolean;
}

/** Walks both trees side by side; what goes is judged by the old tree, everything else by the new one. */
class WriteCheck {
  allowed = true;
  readonly notes: AclNote[] = [];
  readonly #user: string;
  readonly #hasNoRules: boolean;
  readonly #old: Evaluate;
  readonly #new: Evaluate;

  constructor(user: string, hasNoRules: boolean, old: Evaluate, next: Evaluate) {
    this.#user = user;
    this.#hasNoRules = hasNoRules;
    this.#old = old;
    this.#new = next;
  }

  /** Attributes, then what is gone, then children. */
  compare(before: Place, after: Place, inAcls: boolean): void {
    if (before.node === after.node) return;
    const oldPlace = this.#enter(before, this.#old);
    const newPlace = this.#enter(after, this.#new);
    for (const change of attributeChanges(before.node, after.node)) {
      this.#require(newPlace, change.isGone ? "" : `[@${change.name}]`);
    }
    const pairs = pairChildren(before.node, after.node);
    const kept = new Set(pairs.values());
    const isAcls = inAcls || after.node.name === "acls";
    before.node.children.forEach((c, i) => {
      if (!kept.has(i)) this.#require(this.#enter(below(oldPlace, c), this.#old), "");
    });
    let lastPartner = -1;
    after.node.children.forEach((c, i) => {
      const partner = pairs.get(i);
      const place = below(newPlace, c);
      if (partner === undefined) {
        this.#create(place, isAcls);
        return;
      }
      if (partner < lastPartner) this.#require(this.#enter(place, this.#new), "");
      lastPartner = Math.max(lastPartner, partner);
      this.compare(below(oldPlace, before.node.children[partner]!), place, isAcls);
    });
  }

  /** The place with its own rules applied. */
  #enter(place: Place, evaluate: Evaluate): Place {
    const inherited = place.access ?? "denied";
    const access = evaluate(place.node, inherited);
    const path = `${place.path ?? ""}/${stepText(place.node)}`;
    const deniedAbove =
      access === "denied" &&
      (place.deniedAbove === true || evaluate(place.node, "writable") === "denied");
    return { node: place.node, path, access, deniedAbove };
  }

  #require(place: Place, suffix: string): boolean {
    if (place.access === "writable") return true;
    this.allowed = false;
    const why = this.#hasNoRules ? "Lack of " : place.deniedAbove === true ? "Parent " : "Default ";
    this.notes.push({
      source: "pcmk__check_acl",
      text: `${why}ACL denies user '${this.#user}' read/write access to ${place.path ?? ""}${suffix}`,
    });
    return false;
  }

  /** Elements that only have an id are scaffolding and may be made by anyone, outside of acls. */
  #create(outer: Place, inAcls: boolean): void {
    const place = this.#enter(outer, this.#new);
    const { node } = place;
    const isAcls = inAcls || node.name === "acls";
    const isScaffolding = [...node.attrs.keys()].every((name) => name === "id");
    const id = attr(node, "id") ?? "<unset>";
    let text: string;
    if (isScaffolding && !isAcls) {
      text = `Creation of <${node.name}> scaffolding with id="${id}" is implicitly allowed`;
    } else if (this.#require(place, "")) {
      text = `ACLs allow creation of <${node.name}> with id="${id}"`;
    } else {
      text = `ACLs disallow creation of <${node.name}> with id="${id}"`;
      this.notes.push({ source: "pcmk__apply_creation_acl", text });
      return;
    }
    this.notes.push({ source: "pcmk__apply_creation_acl", text });
    for (const c of node.children) this.#create(below(place, c), isAcls);
  }
}

/** A child of an entered place. */
function below(parent: Place, node: XmlElement): Place {
  return {
    node,
    path: parent.path ?? "",
    access: parent.access ?? "denied",
    deniedAbove: parent.deniedAbove === true,
  };
}

interface AttributeChange {
  readonly name: string;
  readonly isGone: boolean;
}

function attributeChanges(before: XmlElement, after: XmlElement): readonly AttributeChange[] {
  const changes: AttributeChange[] = [];
  for (const [name, value] of after.attrs) {
    if (before.attrs.get(name) !== value) changes.push({ name, isGone: false });
  }
  for (const name of before.attrs.keys()) {
    if (!after.attrs.has(name)) changes.push({ name, isGone: true });
  }
  return changes;
}
