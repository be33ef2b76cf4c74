const firstMs = -62_135_596_800_000;
const lastMs = 253_402_300_799_999;

/**
 * The moment, in epoch milliseconds, that a date and time is at an offset of UTC; undefined if there is none
 * in the years 0001 to 9999. `Date` takes 30 February for 2 March, and 24:00 for the next day.
 * @param dateTime for example `2026-01-31T12:00:00`, or less of it from the end
 * @param offset `Z`, `+01:00` or `-0530`
 */
export function momentAt(dateTime: string, offset: string): number | undefined {
  const wall = Date.parse(`${dateTime}Z`);
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(dateTime)) return undefined;
  const [, sign, hours, minutes] = /^([+-])([01]\d|2[0-3]):?([0-5]\d)$/.exec(offset) ?? [];
  if (sign === undefined && !/^z$/i.test(offset)) return undefined;
  const shift = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  const moment = sign === "-" ? wall + shift : wall - shift;
  return moment >= firstMs && moment <= lastMs ? moment : undefined;
}

/** The moments at which a clock of this machine shows a date and time: none or two where it is changed. */
export function localMoments(dateTime: string): number[] {
  const wall = momentAt(dateTime, "Z");
  if (wall === undefined) return [];
  const day = 86_400_000;
  const offsets = new Set([wall - day, wall + day].map((moment) => shownAt(moment) - moment));
  return [...offsets].map((offset) => wall - offset).filter((moment) => shownAt(moment) === wall);
}

/** The date and time that a clock of this machine shows at a moment, in milliseconds as if it were of UTC. */
function shownAt(moment: number): number {
  const date = new Date(moment);
  return Date.UTC(
    date.getFullYear(),
    date.getMonth(),
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
    date.getMilliseconds(),
  );
}
