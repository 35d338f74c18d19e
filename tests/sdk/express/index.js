/** What the example uses of Express 5, and no more: tests fetch nothing, so this stands in for it. */

import { createServer } from "node:http";

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function prepare(response) {
  response.status = (code) => Object.assign(response, { statusCode: code });
  response.send = (text) => response.setHeader("Content-Type", "text/html; charset=utf-8").end(text);
  response.redirect = (code, url) => response.writeHead(code, { Location: encodeURI(url).replaceAll("%25", "%") }).end();
  response.cookie = (name, value, { httpOnly, sameSite }) =>
    response.setHeader("Set-Cookie", `${name}=${value}; Path=/;${httpOnly ? " HttpOnly;" : ""} SameSite=${sameSite}`);
}

export default function express() {
  const routes = new Map();
  const add = (method) => (path, ...handlers) => routes.set(`${method} ${path}`, handlers);
  const answer = async (request, response) => {
    prepare(response);
    Object.assign(request, { originalUrl: request.url, secure: false });
    const handlers = routes.get(`${request.method} ${request.url.split("?", 1)[0]}`);
    if (!handlers) return response.status(404).end();
    for (const handler of handlers) await handler(request, response);
  };
  const failed = (response) => (error) => response.writeHead(500).end(String(error));
  const listen = (port, host, ready) =>
    createServer((request, response) => answer(request, response).catch(failed(response))).listen(port, host, ready);
  return { disable() {}, get: add("GET"), post: add("POST"), listen };
}

express.urlencoded = () => async (request) => {
  request.body = Object.fromEntries(new URLSearchParams((await bodyOf(request)).toString()));
};
express.raw = () => async (request) => {
  request.body = await bodyOf(request);
};
