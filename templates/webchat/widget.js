{% load i18n %}(function () {
  "use strict";
  {% if not is_on %}// The chat is switched off.
  return;
  {% endif %}if (window.frontdesk) return;
  var base = "{{ address|escapejs }}";
  var origin = new URL(base).origin;
  var said = {{ words|safe }};
  var script = document.currentScript;
  var language = ((script && script.dataset.language) || document.documentElement.lang || navigator.language || "").slice(0, 2).toLowerCase();
  var words = said[language] || said.en;
  var key = "frontdesk:" + origin;
  var isOpen = false;
  var frame, button, badge, panel, style, ready;

  // What this website's own storage keeps: the visitor's token, and where they first came from.
  function kept(store, name, value) {
    try {
      if (value === undefined) return window[store].getItem(name) || "";
      window[store].setItem(name, value);
    } catch (error) { /* storage is shut: the chat lasts as long as the page */ }
    return value || "";
  }
  function landing() {
    var found = kept("sessionStorage", key + ":from");
    if (found) { try { return JSON.parse(found); } catch (error) { /* start anew */ } }
    var utm = {};
    new URLSearchParams(location.search).forEach(function (value, name) {
      if (name.slice(0, 4) === "utm_") utm[name.slice(4)] = value.slice(0, 200);
    });
    var from = { referrer: document.referrer.slice(0, 2000), utm: utm, url: location.href.slice(0, 2000) };
    kept("sessionStorage", key + ":from", JSON.stringify(from));
    return from;
  }
  function page() {
    var from = landing();
    var clicked = /[?&](gclid|fbclid|msclkid|ttclid|li_fat_id|gbraid|wbraid)=/.test(from.url);
    return { url: clicked ? from.url : location.href.slice(0, 2000), title: document.title.slice(0, 300), referrer: from.referrer, utm: from.utm };
  }
  function tell(message) {
    if (frame && ready) frame.contentWindow.postMessage(message, origin);
  }

  var RULES = [
    ":host{all:initial}",
    "button{all:unset;box-sizing:border-box;position:fixed;inset-block-end:20px;inset-inline-{{ position }}:20px;z-index:2147483000;inline-size:56px;block-size:56px;border-radius:50%;background:{{ accent }};color:{{ on_accent }};display:grid;place-items:center;cursor:pointer;box-shadow:0 4px 16px rgb(0 0 0/.28)}",
    "button:focus-visible{outline:3px solid {{ accent }};outline-offset:3px}",
    "svg{inline-size:26px;block-size:26px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}",
    "b{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-inline-size:22px;block-size:22px;padding:0 5px;box-sizing:border-box;border-radius:11px;background:#b3261e;color:#fff;font:600 12px/22px system-ui,sans-serif;text-align:center}",
    "[hidden]{display:none!important}",
    ".panel{position:fixed;inset-block-end:88px;inset-inline-{{ position }}:20px;z-index:2147483000;inline-size:min(400px,calc(100vw - 40px));block-size:min(640px,calc(100vh - 112px));border-radius:16px;overflow:hidden;background:#fff;box-shadow:0 8px 40px rgb(0 0 0/.28)}",
    "iframe{inline-size:100%;block-size:100%;border:0;display:block;color-scheme:normal}",
    "@media (max-width:480px),(max-height:480px){.panel{inset:0;inline-size:100%;block-size:100%;block-size:100dvh;border-radius:0}.open button{display:none}}",
    "@media print{:host{display:none}}"
  ];
  var PATHS = {
    chat: ["M3 20l1.3-3.9C1.976 12.663 2.874 8.228 6.4 5.726c3.526-2.501 8.59-2.296 11.845.48 3.255 2.777 3.695 7.266 1.029 10.501C16.608 19.942 11.659 20.922 7.7 19L3 20"],
    close: ["M6 9l6 6 6-6"]
  };
  function icon(name) {
    var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    PATHS[name].forEach(function (d) {
      var path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", d);
      svg.appendChild(path);
    });
    return svg;
  }

  function build() {
    var host = document.createElement("div");
    host.id = "frontdesk-chat";
    var root = host.attachShadow({ mode: "open" });
    style = new CSSStyleSheet(); // needs no permission from the page's Content-Security-Policy
    RULES.forEach(function (rule, n) { style.insertRule(rule, n); });
    root.adoptedStyleSheets = [style];
    var box = document.createElement("div");
    box.dir = getComputedStyle(document.documentElement).direction;
    panel = document.createElement("div");
    panel.className = "panel";
    panel.id = "panel";
    panel.hidden = true;
    button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", "panel");
    button.appendChild(icon("chat"));
    badge = document.createElement("b");
    badge.hidden = true;
    badge.setAttribute("aria-hidden", "true");
    button.appendChild(badge);
    button.setAttribute("aria-label", words.open);
    button.addEventListener("click", function () { if (isOpen) close(); else open(); });
    box.append(panel, button);
    root.appendChild(box);
    document.body.appendChild(host);
    landing();
    if (kept("localStorage", key)) (window.requestIdleCallback || setTimeout)(load); // somebody we know: is there news?
  }
  function load() {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.src = base + "?embed=1&lang=" + encodeURIComponent(language);
    frame.title = "{{ title|escapejs }}";
    frame.setAttribute("allow", "");
    panel.appendChild(frame);
  }
  function draw() {
    panel.hidden = !isOpen;
    panel.parentNode.className = isOpen ? "open" : "";
    button.setAttribute("aria-expanded", String(isOpen));
    button.replaceChild(icon(isOpen ? "close" : "chat"), button.firstChild);
    label();
  }
  function label() {
    var count = isOpen ? 0 : Number(badge.textContent) || 0;
    badge.hidden = !count;
    button.setAttribute("aria-label", isOpen ? words.close : count ? words.open + ". " + words.unread.replace("{n}", count) : words.open);
  }
  function open() {
    load();
    isOpen = true;
    badge.textContent = "";
    draw();
    tell({ frontdesk: "open" });
    frame.focus();
  }
  function close() {
    isOpen = false;
    draw();
    tell({ frontdesk: "closed" });
    button.focus();
  }

  addEventListener("message", function (event) {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin || !event.data) return;
    var what = event.data;
    if (what.frontdesk === "ready") {
      ready = true;
      tell({ frontdesk: "start", token: kept("localStorage", key), page: page(), open: isOpen });
    } else if (what.frontdesk === "token" && typeof what.token === "string") {
      kept("localStorage", key, what.token.slice(0, 300));
    } else if (what.frontdesk === "page") {
      tell({ frontdesk: "page", page: page() });
    } else if (what.frontdesk === "close") {
      close();
    } else if (what.frontdesk === "unread") {
      badge.textContent = what.count > 9 ? "9+" : String(Number(what.count) || "");
      label();
    }
  });

  window.frontdesk = { open: function () { if (panel) open(); }, close: function () { if (panel && isOpen) close(); } };
  if (document.body) build();
  else addEventListener("DOMContentLoaded", build);
})();
