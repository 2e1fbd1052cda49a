/**
 * The time that a timestamp of the Amazon States Language stands for, in milliseconds of the epoch (parts
 * of a millisecond are kept), or undefined when it is none: RFC 3339 with an uppercase `T` and an
 * uppercase `Z` or an offset.
 */
export function parseTimestampMs(text: string): number | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] =
    match;
  const dayOfMonth = Number(day);
  if (dayOfMonth < 1 || dayOfMonth > daysIn(Number(year), Number(month))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(offsetHour ?? 0) > 23 || Number(offsetMinute ?? 0) > 59) return undefined;
  const wholeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const offsetMs =
    (Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0)) *
    MINUTE_MS *
    (sign === "-" ? -1 : 1);
  return wholeMs + Number(`0${fraction ?? ""}`) * 1000 - offsetMs;
}

/** A time as the context object tells it: a fraction of a second only where there is one. */
export function formatTimestamp(atMs: number): string {
  return new Date(atMs).toISOString().replace(".000Z", "Z");
}

const MINUTE_MS = 60_000;
const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/;

function daysIn(year: number, month: number): number {
  if (month < 1 || month > 12) return 0;
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
