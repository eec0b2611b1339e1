// Passkeys, and what makes recovery codes easy to keep.

const fromBase64 = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

function toBase64(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const withId = (credential) => ({ ...credential, id: fromBase64(credential.id) });

async function create(options) {
  const made = await navigator.credentials.create({ publicKey: {
    ...options,
    challenge: fromBase64(options.challenge),
    user: { ...options.user, id: fromBase64(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(withId),
  } });
  const { attestationObject, clientDataJSON } = made.response;
  return {
    id: made.id, rawId: toBase64(made.rawId), type: made.type,
    response: { attestationObject: toBase64(attestationObject), clientDataJSON: toBase64(clientDataJSON),
                transports: made.response.getTransports?.() ?? [] },
    extensions: JSON.stringify(made.getClientExtensionResults()),
  };
}

async function get(options) {
  const used = await navigator.credentials.get({ publicKey: {
    ...options, challenge: fromBase64(options.challenge), allowCredentials: (options.allowCredentials ?? []).map(withId),
  } });
  const { authenticatorData, clientDataJSON, signature, userHandle } = used.response;
  return {
    id: used.id, rawId: toBase64(used.rawId), type: used.type,
    response: { authenticatorData: toBase64(authenticatorData), clientDataJSON: toBase64(clientDataJSON),
                signature: toBase64(signature), ...(userHandle ? { userHandle: toBase64(userHandle) } : {}) },
  };
}

async function ask(form) {
  const status = form.querySelector("[data-passkey-status]");
  const again = form.querySelector("[data-passkey-again]");
  again.hidden = true;
  if (!window.PublicKeyCredential) {
    status.textContent = form.dataset.unable;
    return;
  }
  try {
    const options = JSON.parse(form.dataset.options);
    const credential = await (form.dataset.passkey === "create" ? create(options) : get(options));
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch {
    status.textContent = form.dataset.refused;
    again.hidden = false;
    again.focus();
  }
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  form.querySelector("[data-passkey-again]").addEventListener("click", () => ask(form));
  ask(form);
}

const codes = document.querySelector("[data-codes]");
if (codes) {
  const print = document.querySelector("[data-print]");
  print.hidden = false;
  print.addEventListener("click", () => window.print());
  const copy = document.querySelector("[data-copy]");
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText([...codes.querySelectorAll("code")].map((code) => code.textContent).join("\n"));
    copy.textContent = copy.dataset.done;
  });
}
