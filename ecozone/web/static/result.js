// The result page: industries to choose from, as in the form.
"use strict";
document.querySelectorAll("[data-industry]").forEach((field) => {
  const list = document.getElementById(field.getAttribute("list"));
  field.addEventListener("input", async () => {
    const text = field.value.trim();
    if (!text || /^[A-T]\d{2,4} /.test(text)) return;
    const found = await (await fetch(`/industries?q=${encodeURIComponent(text)}`)).json();
    list.replaceChildren(...found.map((e) => {
      const option = document.createElement("option");
      option.value = `${e.code} ${e.name}`;
      return option;
    }));
  });
});
