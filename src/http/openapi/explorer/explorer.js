// Credentials stay in the page: nothing of them is kept when it is closed, and nobody but this service is asked anything.
window.explorer = SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#explorer",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
  queryConfigEnabled: false,
});
