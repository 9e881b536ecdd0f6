// The ways in: chosen, dropped anywhere, pasted.

/** @param {(files: File[]) => void} take */
export function listen(take) {
  choose(take);
  drop(take);
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) take(files);
  });
}

function choose(take) {
  const input = document.getElementById("choose");
  for (const button of document.querySelectorAll("[data-choose]")) button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
}

function drop(take) {
  let depth = 0; // of elements that the pointer has entered and not left
  const dragging = (by) => {
    depth = by ? Math.max(0, depth + by) : 0;
    document.body.classList.toggle("dragging", depth > 0);
  };
  addEventListener("dragenter", (event) => hasFiles(event) && dragging(1));
  addEventListener("dragleave", (event) => hasFiles(event) && dragging(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    dragging(0);
    take([...event.dataTransfer.files]);
  });
}

function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}
