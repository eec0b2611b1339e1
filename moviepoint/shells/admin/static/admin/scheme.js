// Before the first paint: light or dark as chosen here before, else as the system says.
try {
  const chosen = localStorage.getItem("scheme");
  if (chosen) document.documentElement.dataset.scheme = chosen;
} catch {
  // Without storage the system's choice holds.
}
