// An application of grpc-js that has its configuration from GRPC_XDS_BOOTSTRAP and no proxy.
//
//     node xds-client.js TARGET    calls 40 times, again and again for three minutes, and prints who answered whenever that is another than before:
//                                  names, sorted, with blanks between
const grpc = require('@grpc/grpc-js');
require('@grpc/grpc-js-xds').register();

const client = new grpc.Client(process.argv[2], grpc.credentials.createInsecure());

// Messages of the service are plain text.
function call() {
  return new Promise((resolve, reject) => client.makeUnaryRequest('/mesh.e2e.Named/Name', text => Buffer.from(text), bytes => bytes.toString(), '',
    new grpc.Metadata({waitForReady: true}), {deadline: Date.now() + 20000}, (error, name) => error ? reject(error) : resolve(name)));
}

async function answers() {
  const names = new Set();
  for (let i = 0; i < 40; i++) names.add(await call());
  return [...names].sort().join(' ');
}

async function main() {
  let last = '';
  for (const end = Date.now() + 180000; Date.now() < end; await new Promise(resolve => setTimeout(resolve, 50))) {
    const names = await answers().catch(error => 'nobody: ' + error.message);
    if (names !== last) console.log('answered by ' + names);
    last = names;
  }
  process.exit(0);
}

main();
