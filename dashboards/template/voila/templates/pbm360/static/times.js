// Durations and moments as people read them: in the viewer's zone, with UTC at hand. Loaded once a page, before its widgets.
window.pbm360 = (() => {
  const ZONE = new Intl.DateTimeFormat([], { timeZoneName: "short" }).formatToParts(new Date()).find(({ type }) => type === "timeZoneName").value;
  const isUtc = () => new Date().getTimezoneOffset() === 0;

  function duration(hours) {
    const size = Math.abs(hours);
    const sign = hours < 0 ? "−" : "";
    if (size < 1 / 60) return `${sign}${Math.round(size * 3600)} s`;
    if (size < 1) return `${sign}${Math.round(size * 60)} min`;
    if (size < 48) return `${sign}${size.toFixed(1)} h`;
    return `${sign}${size < 2400 ? (size / 24).toFixed(1) : Math.round(size / 24).toLocaleString("en-US")} d`;
  }

  // The moment of the page's newest picture, to which its hours are counted.
  let asOf = null;

  function setAsOf(text) {
    asOf = text ? new Date(text) : null;
    document.dispatchEvent(new Event("pbm360:as-of"));
  }

  function hoursSince(text) {
    return asOf && (asOf - new Date(text)) / 3600000;
  }

  function local(date, parts) {
    return date.toLocaleString([], parts);
  }

  function utc(date, isExact = false) {
    return `${date.toISOString().slice(0, isExact ? 19 : 16).replace("T", " ")} UTC`;
  }

  // "14:05:12 CET (13:05:12 UTC)"; who lives by UTC reads it once
  function clock(date) {
    const inUtc = `${date.toISOString().slice(11, 19)} UTC`;
    if (isUtc()) return inUtc;
    return `${local(date, { hour: "2-digit", minute: "2-digit", second: "2-digit" })} ${ZONE} (${inUtc})`;
  }

  // "Sat 28 Nov, 14:00 (13:00 UTC)"
  function moment(date) {
    const text = local(date, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    return isUtc() ? `${text} UTC` : `${text} (${date.toISOString().slice(11, 16)} UTC)`;
  }

  // A text of the server tells moments in UTC ("2026-11-28 13:00:05 UTC", "28 Nov 13:00 UTC"): the viewer's come before them.
  function withLocal(text) {
    if (isUtc()) return text;
    return text.replace(/(?:(\d{4}-\d\d-\d\d)|(\d\d [A-Z][a-z]{2})) (\d\d:\d\d)(:\d\d)? UTC/g, (_, day, short, minute, second = "") => {
      const date = new Date(day ? `${day}T${minute}${second}Z` : `${short} ${new Date().getUTCFullYear()} ${minute} UTC`);
      if (short && date - Date.now() > 86400000) date.setUTCFullYear(date.getUTCFullYear() - 1); // told early in January
      const parts = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: second ? "2-digit" : undefined };
      return `${local(date, parts)} ${ZONE} (${minute}${second} UTC)`;
    });
  }

  // "UTC−5", "UTC+5:30", as of now
  function offset() {
    const minutes = -new Date().getTimezoneOffset();
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    return `UTC${minutes < 0 ? "−" : "+"}${hours}${rest ? `:${rest}` : ""}`;
  }

  // A <time> of an ISO text: the viewer's day and time, UTC where one points at it.
  function timeElement(text) {
    const date = new Date(text);
    const made = document.createElement("time");
    made.dateTime = text;
    made.title = utc(date, true);
    made.textContent = local(date, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    return made;
  }

  // "2026-11-28 13:00" as a chart has it, of a text of the same form in UTC
  function chartTime(text) {
    const date = new Date(`${text.replace(" ", "T")}Z`);
    return new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16).replace("T", " ");
  }

  return { zone: isUtc() ? "UTC" : ZONE, offset: offset(), duration, local, utc, clock, moment, withLocal, timeElement, chartTime, setAsOf, hoursSince };
})();
