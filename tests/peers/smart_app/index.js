// What an app does first: read the patient of its context. `client` is for the test to drive.
FHIR.oauth2
  .ready()
  .then(async (client) => {
    window.client = client;
    const patient = client.patient.id ? await client.patient.read() : null;
    document.getElementById("name").textContent = patient ? patient.name[0].family : "no patient";
  })
  .catch((error) => {
    document.getElementById("error").textContent = String(error.message || error);
  });
