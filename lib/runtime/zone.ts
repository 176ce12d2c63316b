/** Seconds east of UTC in the machine's time zone at an instant; the zone itself belongs to the runtime, not to lib/time. */
export function zoneOffset(epoch: number): number {
  return -new Date(epoch * 1000).getTimezoneOffset() * 60;
}
