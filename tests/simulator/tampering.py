"""What software does to a camera's picture on its way to the page: JavaScript that knows `camera`.

The attacks of `app.simulation.attacks` that need more than another body before the camera, as they look in a
real browser.
"""

import json

from app.pipeline.light import PALETTE, linear_rgb

RELAY_MS = 600
OVERLAY_SHARE = 0.15
FROZEN_PICTURES = 10

# The picture is painted with the colour that the page shows; the face itself is in no light.
COLOUR_OVERLAY = f"""
camera.lightBy(() => null);
const drawn = camera.draw.bind(camera);
camera.draw = (now) => {{
  drawn(now);
  const colour = getComputedStyle(document.documentElement).getPropertyValue(LIGHT_PROPERTY).trim();
  if (!colour) return;
  camera.context.globalAlpha = {OVERLAY_SHARE};
  camera.context.fillStyle = colour;
  camera.context.fillRect(0, 0, camera.width, camera.height);
  camera.context.globalAlpha = 1;
}};
"""

# Each new colour of the page is answered with one of another session.
OTHER_COLOURS = f"""
const palette = {json.dumps([linear_rgb(colour) for colour in PALETTE])};
let shown = null;
let answer = null;
camera.lightBy(() => {{
  const light = pageLight();
  if (!light) return null;
  const key = light.screenRgb.join();
  if (key !== shown) {{
    const other = palette[Math.floor(camera.random() * palette.length)];
    answer = other.map((value) => SCREEN_SHARE * value);
    shown = key;
  }}
  return {{ ...light, screenRgb: answer }};
}});
"""

# Somebody elsewhere sees the page, and their picture comes here: both ways take their time.
LATE_RELAY = f"""
const late = (read) => {{
  const seen = [];
  return () => {{
    const now = performance.now();
    seen.push([now, read()]);
    while (seen.length > 1 && seen[1][0] <= now - {RELAY_MS}) seen.shift();
    return seen[0][1];
  }};
}};
camera.lightBy(late(pageLight));
camera.obey(late(pageInstruction));
"""

# As soon as the challenge asks for something, the last pictures come again and again.
FROZEN = f"""
const filmed = camera.draw.bind(camera);
const kept = [];
let turn = 0;
camera.draw = (now) => {{
  if (kept.length < {FROZEN_PICTURES} || camera.cooperation.challengeStep === null) {{
    filmed(now);
    kept.push(new ImageData(camera.image.data.slice(), camera.image.width));
    if (kept.length > {FROZEN_PICTURES}) kept.shift();
    return;
  }}
  camera.cooperation.look(now);
  camera.context.putImageData(kept[turn % kept.length], 0, 0);
  turn += 1;
}};
"""
