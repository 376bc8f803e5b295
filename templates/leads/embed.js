{% load i18n %}(function () {
  "use strict";
  var script = document.currentScript;
  if (!script || !script.parentNode) return;
  var base = "{{ address|escapejs }}";
  var frame = document.createElement("iframe");
  var query = ["embed=1", "lang=" + encodeURIComponent(document.documentElement.lang.slice(0, 2)), "page=" + encodeURIComponent(location.href.slice(0, 500))];
  if (document.referrer) query.push("referrer=" + encodeURIComponent(document.referrer.slice(0, 500)));
  frame.src = base + "?" + query.join("&");
  frame.title = "{{ title|escapejs }}";
  frame.loading = "lazy";
  frame.style.cssText = "display:block;inline-size:100%;max-inline-size:40rem;block-size:560px;border:0;color-scheme:normal";
  script.parentNode.insertBefore(frame, script);
  addEventListener("message", function (event) {
    if (event.source !== frame.contentWindow || !event.data || event.data.frontdesk !== "form-height") return;
    var height = Number(event.data.height);
    if (height > 0 && height < 10000) frame.style.blockSize = Math.ceil(height) + "px";
  });
})();
