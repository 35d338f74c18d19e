// A camera that films a simulated person: the sandbox's stand-in for getUserMedia.
//
//   const camera = new HeadCamera({ assetUrl: "/sandbox/head/head.json" });
//   await camera.start();
//   camera.obey();
//   video.srcObject = camera.stream();
import { Cooperation, pageInstruction } from "./cooperation.js";
import { HeadMotion, seededRandom } from "./head-motion.js";
import { HeadPainter } from "./head-painter.js";

const WIDTH = 640;
const HEIGHT = 480;
// A white screen's share of the light on a face: that of a laptop at half a metre in a room of 200 lux.
const SCREEN_SHARE = 0.25;
// Of the screen's light the room takes less than its geometry says: much of it falls past the walls.
const ROOM_SHARE = 0.5;
const LIGHT_PROPERTY = "--visavis-light";

/** The light of the colour that the page shows, as `HeadPainter.paint` takes it; null while it shows none. */
export function pageLight() {
  const shown = getComputedStyle(document.documentElement).getPropertyValue(LIGHT_PROPERTY).trim();
  if (!/^#[0-9a-f]{6}$/i.test(shown)) return null;
  const screenRgb = [1, 3, 5].map((at) => SCREEN_SHARE * linear(parseInt(shown.slice(at, at + 2), 16) / 255));
  return { screenRgb, ambient: 1, room: ROOM_SHARE };
}

/** sRGB to linear light, 0…1 (IEC 61966-2-1). */
function linear(value) {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** Fetch an asset's JSON and decode its texture, which may be a data URL. */
export async function loadHead(assetUrl, asset = null) {
  const description = asset || (await fetchOk(assetUrl).then((answer) => answer.json()));
  const { url } = description.texture;
  const base = assetUrl ? new URL(assetUrl, document.baseURI) : document.baseURI;
  // No <img>: a strict content security policy would refuse data URLs there.
  const blob = url.startsWith("data:") ? inlineBlob(url) : await (await fetchOk(new URL(url, base))).blob();
  const bitmap = await createImageBitmap(blob);
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return { asset: description, texture: context.getImageData(0, 0, canvas.width, canvas.height) };
}

async function fetchOk(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer;
}

function inlineBlob(dataUrl) {
  const [head, encoded] = dataUrl.split(",");
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: head.slice(5).split(";")[0] });
}

export class HeadCamera {
  /**
   * One of `assetUrl` (same origin) or `asset` (the document itself). `second` is another asset
   * document, shown `beside` the first or instead of it after the first step (`secondAppears`:
   * 'beside' or 'after_first_step'). `answers` overrides the asset's pose per guidance. `idle`
   * false: no sway. `noise` in 8-bit steps, `fps` frames per second.
   */
  constructor({
    assetUrl = null, asset = null, second = null, secondAppears = null, answers = null,
    idle = true, noise = 2, fps = 20, seed = 1, width = WIDTH, height = HEIGHT,
  }) {
    Object.assign(this, { assetUrl, inline: asset, second, secondAppears, answers, noise, fps, width, height });
    this.random = seededRandom(seed);
    this.motion = new HeadMotion({ random: this.random, idle });
    this.cooperation = null;
    this.getLight = pageLight;
    this.tracks = [];
    this.timer = null;
    this.frames = 0;
    this.loading = null;
  }

  /** Resolves when `stream` may be called; may be called again and again. */
  start() {
    if (!this.loading) this.loading = this.prepare();
    return this.loading;
  }

  async prepare() {
    const first = await loadHead(this.assetUrl, this.inline);
    const other = this.second ? await loadHead(null, this.second) : null;
    this.answers = { ...first.asset.poses, ...this.answers };
    this.canvas = document.createElement("canvas");
    this.canvas.width = this.width;
    this.canvas.height = this.height;
    this.context = this.canvas.getContext("2d");
    const width = this.secondAppears === "beside" ? this.width / 2 : this.width;
    this.painters = [first, other].filter(Boolean)
      .map((head) => new HeadPainter(head.asset, head.texture, width, this.height, this.random));
    this.image = this.context.createImageData(width, this.height);
    if (this.cooperation) this.cooperation.answers = this.answers;
    this.draw(performance.now());
  }

  /** A new MediaStream; filming goes on until the last track of the last stream is stopped. */
  stream() {
    const stream = this.canvas.captureStream(this.fps);
    this.tracks.push(...stream.getTracks());
    if (this.timer === null) this.tick();
    return stream;
  }

  /** Move to `target` (`yaw_deg`, `pitch_deg`, `roll_deg`, `distance`, `dx`, `dy`) within `ms`. */
  pose(target, ms = 500) {
    this.motion.move(target, performance.now(), ms);
  }

  /** Follow what `getInstruction` says: {guidance, step}, a guidance alone, or nothing. */
  obey(getInstruction = pageInstruction) {
    const { motion, random } = this;
    this.cooperation = new Cooperation({ motion, random, getInstruction, answers: this.answers || {} });
  }

  /** Light the face: `getLight` gives {screenRgb: [r, g, b] linear 0…1, ambient, room} or null, per frame. */
  lightBy(getLight) {
    this.getLight = getLight;
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.tracks.forEach((track) => track.stop());
    this.tracks = [];
  }

  tick() {
    const now = performance.now();
    this.draw(now);
    this.tracks = this.tracks.filter((track) => track.readyState === "live");
    const spent = performance.now() - now;
    const pause = Math.max(4, 1000 / this.fps - spent);
    this.timer = this.tracks.length ? setTimeout(() => this.tick(), pause) : null;
  }

  draw(now) {
    if (this.cooperation) this.cooperation.look(now);
    const pose = this.motion.pose(now);
    this.visible().forEach((painter, place) => {
      painter.paint(this.image, pose, this.getLight(), this.noise);
      this.context.putImageData(this.image, place * this.image.width, 0);
    });
    this.frames += 1;
  }

  visible() {
    if (this.secondAppears === "beside") return this.painters;
    const swapped = this.secondAppears === "after_first_step" && this.cooperation?.pastFirstStep;
    return [this.painters[swapped ? 1 : 0]];
  }
}
