// npm install @vapi-ai/web
import Vapi from "@vapi-ai/web";

const vapi = new Vapi("sb_pk_…", "{{ address }}");

document.querySelector("#call").addEventListener("click", () => {
  vapi.start("auto", {
    variableValues: { name: "Ada" }, // for the assistant's {% verbatim %}{{name}}{% endverbatim %}
    metadata: { routing: { attributes: { page: location.pathname } } }, // for the rules
  });
});
vapi.on("error", (error) => console.error(error));
