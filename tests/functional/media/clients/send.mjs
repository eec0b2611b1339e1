// Sends a file by tus-js-client: node send.mjs MODULES '{"endpoint": …, "file": …, "token": …, …}'
// The last line on the standard output is the upload's address.
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";

const [modules, text] = process.argv.slice(2);
const { Upload } = createRequire(`${modules}/`)("tus-js-client");
const wanted = JSON.parse(text);

await new Promise((resolve, reject) => {
  const upload = new Upload(createReadStream(wanted.file), {
    endpoint: wanted.endpoint,
    headers: { Authorization: `Bearer ${wanted.token}` },
    chunkSize: wanted.chunk,
    parallelUploads: wanted.parallel ?? 1,
    metadata: wanted.metadata ?? {},
    retryDelays: Array(60).fill(250),
    onProgress: (sent, whole) => console.log(`${sent} of ${whole}`),
    onError: reject,
    onSuccess: () => { console.log(upload.url); resolve(); },
  });
  upload.start();
});
