// Keeps "5 min ago" and countdowns fresh. Same words as apps/ui/phrases.py, by the browser's own language data.

const language = document.documentElement.lang || "en";
const format = new Intl.RelativeTimeFormat(`${language}-u-nu-latn`, { style: "short" });
const phrases = document.getElementById("phrases")?.dataset ?? {};

function ago(seconds) {
  const size = Math.abs(seconds);
  if (size < 45) return phrases.now;
  const [n, unit] = size < 2700 ? [size / 60, "minute"] : size < 79200 ? [size / 3600, "hour"] : [size / 86400, "day"];
  return format.format(-Math.sign(seconds) * Math.max(1, Math.round(n)), unit).replace(".", "");
}

function left(seconds) {
  const unit = (n, name) => new Intl.NumberFormat(`${language}-u-nu-latn`, { style: "unit", unit: name, unitDisplay: "short" }).format(n).replace("hr", "h");
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return unit(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return [unit(Math.floor(hours / 24), "day"), hours % 24 && unit(hours % 24, "hour")].filter(Boolean).join(" ");
  return [unit(hours, "hour"), minutes % 60 && unit(minutes % 60, "minute")].filter(Boolean).join(" ");
}

function refresh() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const seconds = (now - Date.parse(element.dateTime)) / 1000;
    if (Math.abs(seconds) < 7 * 86400) element.textContent = ago(seconds);
  }
  for (const element of document.querySelectorAll("time[data-waited]")) {
    element.textContent = left((now - Date.parse(element.dateTime)) / 1000);
  }
  for (const element of document.querySelectorAll("time[data-countdown]")) {
    const seconds = (Date.parse(element.dateTime) - now) / 1000;
    element.textContent = seconds > 0 ? left(seconds) : phrases.over;
    element.dataset.countdown = seconds <= 0 ? "over" : seconds < 3600 ? "soon" : "calm";
  }
}

setInterval(refresh, 30000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
document.addEventListener("htmx:afterSettle", refresh);
