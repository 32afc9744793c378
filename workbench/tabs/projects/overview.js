// Overview: links to the other pages of the project.

window.duomoBoard = {
  turnings: (element, trigger, name) => element.addEventListener("click", (event) => {
    const link = event.target.closest("[data-page]");
    if (link) trigger(name, { page: link.dataset.page });
  }),
};
