// Beside the player in the back office: the text of a subtitle track, and the storyboard, whose pictures lead to their
// places.
import { Transcript } from "media/transcript.js";

const video = document.querySelector("[data-player] video");

for (const panel of document.querySelectorAll("[data-cues]")) new Transcript(panel, video).load();

const GRID = 5; // pictures in a row of a sheet, and rows
for (const sheet of document.querySelectorAll("[data-sheet]")) {
  sheet.addEventListener("click", (event) => {
    const box = sheet.getBoundingClientRect();
    const column = Math.min(GRID - 1, Math.floor(((event.clientX - box.left) / box.width) * GRID));
    const row = Math.min(GRID - 1, Math.floor(((event.clientY - box.top) / box.height) * GRID));
    const second = Number(sheet.dataset.start) + (row * GRID + column) * Number(sheet.dataset.interval);
    video.currentTime = Math.min(video.duration || 0, second);
    video.closest("[data-player]").scrollIntoView({ block: "nearest" });
  });
}
