// Runs before the first paint: a viewer's choice of light or dark is in force before anything is shown.
(() => {
  try {
    const scheme = localStorage.getItem("scheme");
    if (scheme === "light" || scheme === "dark") document.documentElement.dataset.scheme = scheme;
  } catch {
    // Storage may be forbidden; then the system's preference holds.
  }
})();
