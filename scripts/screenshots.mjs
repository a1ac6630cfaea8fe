// Draws the pictures of docs/: the real client in a terminal, against real servers, cell by cell (no browser,
// no desktop); and those of the demo's page, in the headless Chromium of Debian.
//
//   npm run screenshots [PART-OF-A-NAME]
//
// Needs the fonts of the Debian packages fontconfig, fonts-dejavu-core, fonts-wqy-microhei and fonts-symbola,
// and says which is missing.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesOfFonts, pictureOf } from '../e2e/dist/terminal/picture.js';
import { SCENES, withScene } from '../e2e/dist/terminal/scenes.js';
import { takeWebPictures, WEB_PICTURES } from '../e2e/dist/web/pictures.js';

const FOLDER = fileURLToPath(new URL('../docs/pictures/', import.meta.url));

const [part = ''] = process.argv.slice(2);
const names = [...SCENES.map(({ name }) => name), ...WEB_PICTURES].map((name) => `  ${name}`).join('\n');
if (part === '--help') {
  console.log(`usage: npm run screenshots [PART-OF-A-NAME]\nScenes:\n${names}`);
  process.exit(0);
}
const wanted = SCENES.filter((scene) => scene.name.includes(part));
const wantedWeb = WEB_PICTURES.filter((name) => name.includes(part));
if (wanted.length + wantedWeb.length === 0) {
  console.error(`no scene "${part}"; there are:\n${names}`);
  process.exit(part.startsWith('-') ? 2 : 1);
}
try {
  if (wanted.length > 0) filesOfFonts();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
mkdirSync(FOLDER, { recursive: true });
for (const scene of wanted) {
  await withScene(scene, (terminal) => {
    const file = join(FOLDER, `${scene.name}.png`);
    writeFileSync(file, pictureOf(terminal, scene.background).png);
    console.log(`docs/pictures/${scene.name}.png  ${terminal.columns}x${terminal.rows}`);
  });
}
if (wantedWeb.length > 0)
  await takeWebPictures(wantedWeb, (name, png) => {
    writeFileSync(join(FOLDER, `${name}.png`), png);
    console.log(`docs/pictures/${name}.png`);
  });
