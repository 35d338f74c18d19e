/** What vectors cannot say: who may make a result, what a link refuses, how a code is redeemed. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { sign } from "../canonical.js";
import { redeemResultCode, RedeemRefused, VerificationLink, VerifiedResult, verifyResult } from "../index.js";

const ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
const SESSION = "9b2f6c1e-58d4-4b0a-8f4e-2d1c7a3b5e60";
const SECRET = "the signing secret of the project";
const link = new VerificationLink("https://verify.example/", ID, SECRET);

const signed = (pairs) =>
  new URLSearchParams([...pairs, ["reSignature", sign(SECRET, "result", ID, pairs)]]).toString();
const code = () =>
  verifyResult(
    signed([
      ["reVerificationSessionId", SESSION],
      ["reResultCode", "q1w2"],
    ]),
    { verificationId: ID, secrets: SECRET, expectedNonce: null, maxAge: null },
  );

test("nobody but verifyResult makes a result", () => {
  assert.throws(() => new VerifiedResult([["reVerificationResult", "passed"]]), TypeError);
});

test("a result cannot be changed", () => {
  const result = code();
  assert.throws(() => (result.parameters = []), TypeError);
  assert.throws(() => result.parameters.push(["reVerificationResult", "passed"]), TypeError);
  assert.throws(() => (result.parameters[0][1] = "x"), TypeError);
});

test("a code is no pass", () => {
  assert.equal(code().passed, false);
  assert.equal(code().resultCode, "q1w2");
});

test("forgetting the nonce is an error and no silent pass", () => {
  const options = { verificationId: ID, secrets: SECRET };
  assert.throws(() => verifyResult("", { ...options, expectedNonce: undefined }), TypeError);
});

test("every link has its own nonce", () => {
  const nonceOf = (url) => new URL(url).searchParams.get("reNonce");
  assert.match(nonceOf(link.sign()), /^[0-9a-f]{32}$/);
  assert.notEqual(nonceOf(link.sign()), nonceOf(link.sign()));
});

test("half a surrogate pair is refused", () => {
  assert.throws(() => link.sign({ parameters: { a: "\ud800" } }), URIError);
  assert.throws(() => link.sign({ externalId: "\udc00" }), URIError);
});

test("a value that is no text is refused", () => {
  for (const value of [1.5, NaN, {}, Symbol.iterator]) {
    assert.throws(() => link.sign({ parameters: { a: value } }), TypeError);
  }
});

test("the secret is in no representation", () => {
  assert.ok(!JSON.stringify(link).includes(SECRET) && !Object.values(link).includes(SECRET));
});

test("without a secret nothing is checked by mistake", () => {
  for (const secrets of [undefined, "", [], [""], [SECRET, ""]]) {
    assert.throws(() => verifyResult("", { verificationId: ID, secrets, expectedNonce: null }), TypeError);
  }
});

test("an entry for browsers refuses to load", async () => {
  await assert.rejects(import("../not-in-browsers.js"), /belongs on a server/);
});

let server, address, answer, asked;
before(async () => {
  server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      asked = { url: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(chunks)) };
      response.writeHead(answer.status, answer.headers ?? { "Content-Type": "application/json" }).end(answer.body);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${server.address().port}/`;
});
after(() => server.close());

test("a code is redeemed with the API key", async () => {
  answer = { status: 200, body: JSON.stringify({ verificationSessionId: SESSION, verificationResult: "passed" }) };
  const redeemed = await redeemResultCode(address, "key-1", code());
  assert.equal(redeemed.verificationResult, "passed");
  assert.equal(asked.url, "/v1/verification/redeem-result-code");
  assert.equal(asked.headers.authorization, "ApiKey key-1");
  assert.deepEqual(asked.body, { verificationSessionId: SESSION, resultCode: "q1w2" });
});

test("an answer about another session is refused", async () => {
  answer = { status: 200, body: JSON.stringify({ verificationSessionId: ID, verificationResult: "passed" }) };
  await assert.rejects(redeemResultCode(address, "key-1", code()), RedeemRefused);
});

test("an answer to another link is refused", async () => {
  answer = { status: 200, body: JSON.stringify({ verificationSessionId: SESSION, nonce: "b" }) };
  await assert.rejects(redeemResultCode(address, "key-1", code(), { expectedNonce: "a" }), /another link/);
  await assert.rejects(redeemResultCode(address, "key-1", code(), { expectedNonce: "" }), /another link/);
});

test("a refusal keeps its status, and a redirect is not followed", async () => {
  for (const status of [302, 401, 410, 500]) {
    answer = { status, body: "{}", headers: { Location: "https://evil.example/" } };
    await assert.rejects(redeemResultCode(address, "key-1", code()), { name: "RedeemRefused", status });
  }
});

test("an answer that is no object is refused", async () => {
  for (const body of ["", "[]", "null", "{"]) {
    answer = { status: 200, body };
    await assert.rejects(redeemResultCode(address, "key-1", code()), RedeemRefused);
  }
});

test("an API key travels over https only, and to whole addresses", async () => {
  await assert.rejects(redeemResultCode("http://verify.example", "key-1", code()), TypeError);
  await assert.rejects(redeemResultCode("https://verify.example", "key\r\nX: y", code()), TypeError);
});
