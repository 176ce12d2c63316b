/** All configured constraints in document order (spec/scheduler-1 section 0, stage 6). */
import type { Book } from "../board.ts";
import { unpackColocation } from "./colocation.ts";
import { unpackLocation } from "./location.ts";
import { unpackOrder } from "./order.ts";
import { unpackTicket } from "./ticket.ts";

export function unpackConstraints(book: Book): void {
  for (const constraint of book.cib.constraints) {
    switch (constraint.kind) {
      case "location":
        unpackLocation(book, constraint);
        break;
      case "colocation":
        unpackColocation(book, constraint);
        break;
      case "order":
        unpackOrder(book, constraint);
        break;
      case "ticket":
        unpackTicket(book, constraint);
        break;
    }
  }
}
