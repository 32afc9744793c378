// Wiring: the component's element, its value and its events, for as long as it is on the page.

const root = element.querySelector(".duomo-editor");
const editor = new Editor(root, trigger, (value) => { props.value = value; });
const safely = (act) => () => {
  if (editor.value && root.isConnected) act();
};
const online = safely(() => {
  editor.drafts.resend(true);
  editor.showState();
});
const offline = safely(() => editor.showState());
const resized = safely(() => {
  editor.drawing.fit();
  editor.showSelection();
  editor.showBorders();
});
let scrolling = 0;
const scrolled = () => {
  cancelAnimationFrame(scrolling);
  if (editor.showingBorders) scrolling = requestAnimationFrame(safely(() => editor.showBorders()));
};
const timer = setInterval(() => {
  if (!root.isConnected) {
    clearInterval(timer);
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
    window.removeEventListener("resize", resized);
    window.removeEventListener("scroll", scrolled);
    return;
  }
  editor.drafts.resend(false);
  if (editor.value) editor.showState();
}, 1000);
window.addEventListener("online", online);
window.addEventListener("offline", offline);
window.addEventListener("resize", resized);
window.addEventListener("scroll", scrolled, { passive: true });
watch("value", () => editor.receive(props.value));
editor.receive(props.value);
if (document.fonts) {
  document.fonts.ready.then(safely(() => {
    // Rows that were found in another typeface are not where the lines break now.
    if (editor.drawing.fitted) editor.drawing.fitted = -1;
    resized();
  }));
}
