// Passkeys: the browser's part of adding one, and of signing in with one.
// https://www.w3.org/TR/webauthn-3/

"use strict";

(() => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  async function post(place, address, body) {
    const answer = await fetch(address, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": place.dataset.csrf },
      body: JSON.stringify(body),
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.problem || "That did not work: load the page again.");
    return said;
  }

  const withBytes = (list) => (list || []).map((item) => ({ ...item, id: bytes(item.id) }));

  async function add(place) {
    const { state, options, location } = await post(place, place.dataset.options, {});
    if (!options) return { location };
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: withBytes(options.excludeCredentials),
      },
    });
    return post(place, place.dataset.answer, {
      state,
      credential: {
        id: made.id,
        rawId: text(made.rawId),
        type: made.type,
        response: {
          clientDataJSON: text(made.response.clientDataJSON),
          attestationObject: text(made.response.attestationObject),
        },
      },
    });
  }

  async function signIn(place) {
    const { next, reauthenticate, step } = place.dataset;
    const { state, options } = await post(place, place.dataset.options, {});
    const found = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: withBytes(options.allowCredentials),
      },
    });
    return post(place, place.dataset.answer, {
      state,
      next,
      reauthenticate: reauthenticate === "1",
      step: step === "1",
      credential: {
        id: found.id,
        rawId: text(found.rawId),
        type: found.type,
        response: {
          clientDataJSON: text(found.response.clientDataJSON),
          authenticatorData: text(found.response.authenticatorData),
          signature: text(found.response.signature),
          userHandle: found.response.userHandle ? text(found.response.userHandle) : null,
        },
      },
    });
  }

  if (!window.PublicKeyCredential) return;
  for (const place of document.querySelectorAll("[data-passkey]")) {
    const button = place.querySelector("button");
    const problem = place.querySelector("[role=alert]");
    place.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      problem.hidden = true;
      try {
        const act = place.dataset.passkey === "add" ? add : signIn;
        location.assign((await act(place)).location);
      } catch (error) {
        // The browser's own words for this are long; the usual reason is that the user said no.
        problem.textContent = error.name === "NotAllowedError"
          ? "The passkey was not used. Try again, or sign in another way."
          : error.name === "InvalidStateError"
            ? "This device has a passkey here already."
            : error.message;
        problem.hidden = false;
        button.disabled = false;
      }
    });
  }
})();
