// Before the first paint: the theme and the language that were chosen last, so that nothing flashes.
(function () {
  var root = document.documentElement;
  var kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("limner.look") || "{}");
  } catch (error) {
    kept = {};
  }
  var dark = /^\/(read|correct|plan|forecast|explain)\//.test(location.pathname);
  if (kept.theme === "dark" || kept.theme === "light") root.dataset.theme = kept.theme;
  else if (dark) root.dataset.theme = "dark";
  root.lang = (kept.lang || (/^zh/i.test(navigator.language) ? "zh" : "en")) === "zh" ? "zh-Hans" : "en";
})();
