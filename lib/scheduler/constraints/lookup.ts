/** What the names inside constraints stand for (spec/scheduler-1 section D.2, spec/scheduler-2 section 4.1). */
import type { ResourceSet } from "../../cib/model.ts";
import { topOf } from "../../status/tree.ts";
import type { Book, Rsc } from "../board.ts";

/**
 * The resource a constraint means. Names of clone instances, or under which the history knows them, mean the clone; the
 * name of a clone's content alone means nothing (case promoted-ordering).
 */
export function constraintResource(book: Book, id: string | undefined): Rsc | undefined {
  if (id === undefined) return undefined;
  const found = book.find(id);
  if (found === undefined) return undefined;
  const top = topOf(found);
  return top.variant === "clone" ? top : found;
}

/** The ids behind a template or tag; undefined when the name is neither. */
export function expansionOf(book: Book, id: string): readonly string[] | undefined {
  const { cib } = book.status;
  return cib.templates.get(id) ?? cib.tags.get(id);
}

/** A name in a constraint as a list of resources: itself, or what its template or tag stands for. */
export function expandName(book: Book, id: string): readonly string[] {
  if (constraintResource(book, id) !== undefined) return [id];
  return expansionOf(book, id) ?? [id];
}

/** A set's members with templates and tags replaced in place. */
export function expandMembers(book: Book, set: ResourceSet): readonly string[] {
  return set.members.flatMap((id) => expandName(book, id));
}

/** True when the name is a template or a tag and not a resource. */
export function isCollection(book: Book, id: string | undefined): id is string {
  if (id === undefined || constraintResource(book, id) !== undefined) return false;
  return expansionOf(book, id) !== undefined;
}
