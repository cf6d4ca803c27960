// As the documentation of fhirclient says it: `iss` and `launch` come with an EHR launch, and are
// given by the test for a standalone one.
const asked = new URLSearchParams(location.search);
FHIR.oauth2.authorize({
  clientId: asked.get("client_id") || sessionStorage.getItem("client_id"),
  scope: asked.get("scope") || sessionStorage.getItem("scope"),
  redirectUri: "index.html",
  iss: asked.get("iss"),
  launch: asked.get("launch") || undefined,
  pkceMode: "required",
});
