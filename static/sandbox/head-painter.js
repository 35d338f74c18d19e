// Draws a head asset in any pose into an ImageData, in plain JavaScript: machines without a camera
// rarely have a graphics card. The geometry is that of app/sandbox/mesh.py and render.py.

// A triangle seen edge-on would smear one texel over a line; in square pixels.
const MIN_AREA = 0.3;
const DISPLAY_GAMMA = 2.2;
// Steps of the light's table per unit of "facing"; brighter than twice is cut off.
const FACING_STEPS = 127;
const NOISE_LENGTH = 1 << 16;

/** The (3 × 3) rotation of x right, y down, z away: pitch, then yaw, then roll. */
export function rotationOf(pose) {
  const [yaw, pitch, roll] = [pose.yaw_deg, pose.pitch_deg, pose.roll_deg].map((a) => (a * Math.PI) / 180);
  const aboutY = [Math.cos(yaw), 0, -Math.sin(yaw), 0, 1, 0, Math.sin(yaw), 0, Math.cos(yaw)];
  const aboutX = [1, 0, 0, 0, Math.cos(pitch), Math.sin(pitch), 0, -Math.sin(pitch), Math.cos(pitch)];
  const aboutZ = [Math.cos(roll), -Math.sin(roll), 0, Math.sin(roll), Math.cos(roll), 0, 0, 0, 1];
  return times(aboutZ, times(aboutY, aboutX));
}

function times(a, b) {
  const product = new Array(9);
  for (let row = 0; row < 3; row += 1) {
    for (let column = 0; column < 3; column += 1) {
      product[3 * row + column] =
        a[3 * row] * b[column] + a[3 * row + 1] * b[3 + column] + a[3 * row + 2] * b[6 + column];
    }
  }
  return product;
}

export class HeadPainter {
  /** `texture` is an ImageData; `width` × `height` is the picture to paint. */
  constructor(asset, texture, width, height, random) {
    this.asset = asset;
    this.texels = new Uint32Array(texture.data.buffer);
    this.textureWidth = texture.width;
    this.textureHeight = texture.height;
    this.width = width;
    this.height = height;
    this.scale = Math.max(width / asset.frame[0], height / asset.frame[1]);
    this.count = asset.turn.length;
    this.points = new Float64Array(3 * this.count);
    this.seen = new Float64Array(2 * this.count);
    this.facing = new Float64Array(this.count);
    this.lighting = new Uint8Array(width * height);
    this.depths = new Float64Array(asset.triangles.length / 3);
    this.order = Array.from(this.depths, (_, index) => index);
    this.random = random;
    this.noise = this.makeNoise();
    this.room = this.makeRoom();
  }

  /**
   * Paint a pose; `light` is null or {screenRgb: [r, g, b] linear, ambient, room}, `room` being a factor
   * on the screen's light on everything but the head; `noise` in 8-bit steps.
   */
  paint(image, pose, light = null, noise = 2) {
    this.place(pose);
    const target = new Uint32Array(image.data.buffer);
    if (light) this.computeFacing(light.room ?? 1);
    target.set(this.room);
    this.lighting.fill(0);
    const { triangles } = this.asset;
    this.sortByDepth(triangles);
    for (const index of this.order) this.paintTriangle(target, triangles, 3 * index, light !== null);
    this.develop(image.data, light, noise);
  }

  place(pose) {
    const { vertices, turn, travel, pivot, upright, cameraDistance, frame } = this.asset;
    const r = times(rotationOf(pose), upright);
    const [shiftX, shiftY] = [pose.dx * frame[0], pose.dy * frame[0]];
    const shiftZ = (pose.distance - 1) * cameraDistance;
    for (let i = 0; i < this.count; i += 1) {
      const at = 3 * i;
      const [x, y, z] = [vertices[at], vertices[at + 1], vertices[at + 2]];
      const [ox, oy, oz] = [x - pivot[0], y - pivot[1], z - pivot[2]];
      const px = x + turn[i] * (r[0] * ox + r[1] * oy + r[2] * oz - ox) + travel[i] * shiftX;
      const py = y + turn[i] * (r[3] * ox + r[4] * oy + r[5] * oz - oy) + travel[i] * shiftY;
      const pz = z + turn[i] * (r[6] * ox + r[7] * oy + r[8] * oz - oz) + travel[i] * shiftZ;
      const zoom = (this.scale * cameraDistance) / (cameraDistance + pz);
      this.points[at] = px;
      this.points[at + 1] = py;
      this.points[at + 2] = pz;
      this.seen[2 * i] = px * zoom + this.width / 2;
      this.seen[2 * i + 1] = py * zoom + this.height / 2;
    }
  }

  sortByDepth(triangles) {
    for (let t = 0; t < this.depths.length; t += 1) {
      this.depths[t] =
        this.points[3 * triangles[3 * t] + 2] +
        this.points[3 * triangles[3 * t + 1] + 2] +
        this.points[3 * triangles[3 * t + 2] + 2];
    }
    this.order.sort((a, b) => this.depths[b] - this.depths[a]);
  }

  /** Lambert's cosine towards the screen with the inverse square of the distance, per vertex. */
  computeFacing(room) {
    const { triangles, turn, cameraDistance } = this.asset;
    const normals = new Float64Array(3 * this.count);
    const p = this.points;
    for (let t = 0; t < triangles.length; t += 3) {
      const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
      const [ux, uy, uz] = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]];
      const [vx, vy, vz] = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]];
      const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
      for (const corner of [a, b, c]) for (let k = 0; k < 3; k += 1) normals[corner + k] += normal[k];
    }
    for (let i = 0; i < this.count; i += 1) {
      const [nx, ny, nz] = [normals[3 * i], normals[3 * i + 1], normals[3 * i + 2]];
      const [sx, sy, sz] = [-p[3 * i], -p[3 * i + 1], -cameraDistance - p[3 * i + 2]];
      const distance = Math.hypot(sx, sy, sz);
      const cosine = Math.max(0, nx * sx + ny * sy + nz * sz) / (distance * Math.hypot(nx, ny, nz) || 1);
      // Off the head the mesh is no real surface: cloth and walls count as facing the screen.
      this.facing[i] = (turn[i] * cosine + (1 - turn[i]) * room) * (cameraDistance / distance) ** 2;
    }
  }

  /** Where no triangle will be, the room is seen as in the photo. */
  makeRoom() {
    const { frame, texture } = this.asset;
    const room = new Uint32Array(this.width * this.height);
    for (let y = 0; y < this.height; y += 1) {
      const v = (frame[1] - this.height / this.scale) / 2 + y / this.scale - texture.top;
      const row = Math.min(this.textureHeight - 1, Math.max(0, Math.round(v * texture.scale)));
      for (let x = 0; x < this.width; x += 1) {
        const u = ((frame[0] - this.width / this.scale) / 2 + x / this.scale) * texture.scale;
        const column = Math.min(this.textureWidth - 1, Math.max(0, Math.round(u)));
        room[y * this.width + x] = this.texels[row * this.textureWidth + column];
      }
    }
    return room;
  }

  paintTriangle(target, triangles, at, lit) {
    const [a, b, c] = [triangles[at], triangles[at + 1], triangles[at + 2]];
    const { seen, facing } = this;
    const [ax, ay] = [seen[2 * a], seen[2 * a + 1]];
    const [bx, by] = [seen[2 * b] - ax, seen[2 * b + 1] - ay];
    const [cx, cy] = [seen[2 * c] - ax, seen[2 * c + 1] - ay];
    const area = bx * cy - by * cx;
    if (area < 2 * MIN_AREA) return;
    const { uv, texture } = this.asset;
    const plane = (fa, fb, fc) => {
      const [du, dv] = [fb - fa, fc - fa];
      const alongX = (du * cy - dv * by) / area;
      const alongY = (dv * bx - du * cx) / area;
      return [alongX, alongY, fa - alongX * ax - alongY * ay];
    };
    const texel = (value, start) => (value + 0.5 - start) * texture.scale - 0.5;
    const u = plane(texel(uv[2 * a], 0), texel(uv[2 * b], 0), texel(uv[2 * c], 0));
    const v = plane(
      texel(uv[2 * a + 1], texture.top), texel(uv[2 * b + 1], texture.top), texel(uv[2 * c + 1], texture.top),
    );
    const light = lit ? plane(facing[a], facing[b], facing[c]) : null;
    this.fill(target, [ax, ay, ax + bx, ay + by, ax + cx, ay + cy], u, v, light);
  }

  fill(target, corner, u, v, light) {
    const top = Math.max(0, Math.ceil(Math.min(corner[1], corner[3], corner[5])));
    const bottom = Math.min(this.height - 1, Math.floor(Math.max(corner[1], corner[3], corner[5])));
    for (let y = top; y <= bottom; y += 1) {
      let [left, right] = [Infinity, -Infinity];
      for (let k = 0; k < 6; k += 2) {
        const [x0, y0, x1, y1] = [corner[k], corner[k + 1], corner[(k + 2) % 6], corner[(k + 3) % 6]];
        if ((y0 <= y && y1 >= y) || (y1 <= y && y0 >= y)) {
          const x = y0 === y1 ? x0 : x0 + ((x1 - x0) * (y - y0)) / (y1 - y0);
          left = Math.min(left, x, y0 === y1 ? x1 : x);
          right = Math.max(right, x, y0 === y1 ? x1 : x);
        }
      }
      const [first, last] = [Math.max(0, Math.ceil(left)), Math.min(this.width - 1, Math.floor(right))];
      this.fillRow(target, y, first, last, u, v, light);
    }
  }

  /** Bilinear texture lookup, two colours at a time in one integer. */
  fillRow(target, y, left, right, u, v, light) {
    const { texels, textureWidth, lighting } = this;
    const [maxU, maxV] = [(textureWidth - 2) * 256 + 255, (this.textureHeight - 2) * 256 + 255];
    let fu = (u[0] * left + u[1] * y + u[2]) * 256;
    let fv = (v[0] * left + v[1] * y + v[2]) * 256;
    const [du, dv] = [u[0] * 256, v[0] * 256];
    const row = y * this.width;
    for (let x = left; x <= right; x += 1, fu += du, fv += dv) {
      const iu = fu < 0 ? 0 : fu > maxU ? maxU : fu | 0;
      const iv = fv < 0 ? 0 : fv > maxV ? maxV : fv | 0;
      const [p, q, at] = [iu & 255, iv & 255, (iv >> 8) * textureWidth + (iu >> 8)];
      const below = at + textureWidth;
      const [nw, ne, sw, se] = [texels[at], texels[at + 1], texels[below], texels[below + 1]];
      const wSE = (p * q) >> 8;
      const [wNE, wSW] = [p - wSE, q - wSE];
      const wNW = 256 - p - q + wSE;
      const north = (nw & 0xff00ff) * wNW + (ne & 0xff00ff) * wNE;
      const redBlue = ((north + (sw & 0xff00ff) * wSW + (se & 0xff00ff) * wSE) >>> 8) & 0xff00ff;
      const upper = ((nw >>> 8) & 0xff) * wNW + ((ne >>> 8) & 0xff) * wNE;
      const green = (upper + ((sw >>> 8) & 0xff) * wSW + ((se >>> 8) & 0xff) * wSE) & 0xff00;
      target[row + x] = 0xff000000 | redBlue | green;
      if (light) lighting[row + x] = Math.min(255, (light[0] * x + light[1] * y + light[2]) * FACING_STEPS);
    }
  }

  /** Add the light of the screen and the noise of the sensor. */
  develop(data, light, noise) {
    const curves = light ? light.screenRgb.map((screen) => gainCurve(light.ambient, screen)) : null;
    let at = Math.floor(this.random() * NOISE_LENGTH);
    for (let i = 0, pixel = 0; i < data.length; i += 4, pixel += 1) {
      // A new place in the noise every few rows, so that no pattern shows.
      if (pixel % 2048 === 0) at = Math.floor(this.random() * NOISE_LENGTH);
      for (let k = 0; k < 3; k += 1) {
        at = (at + 1) & (NOISE_LENGTH - 1);
        const value = curves ? data[i + k] * curves[k][this.lighting[pixel]] : data[i + k];
        data[i + k] = value + noise * this.noise[at];
      }
    }
  }

  /** A table of normal deviates (Box and Muller). */
  makeNoise() {
    return Float32Array.from({ length: NOISE_LENGTH }, () =>
      Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random()));
  }
}

function gainCurve(ambient, screen) {
  return Float32Array.from({ length: 256 }, (_, step) =>
    Math.max(0, ambient + (screen * step) / FACING_STEPS) ** (1 / DISPLAY_GAMMA));
}
