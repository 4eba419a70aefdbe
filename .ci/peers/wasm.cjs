// The newest zxing-cpp, as WebAssembly, beside our reader: `node wasm.cjs repeats < list of PGM files`,
// output as of zxing.cpp. Its texts are those of the native library; its times are not.
const fs = require('fs');
const path = require('path');
const here = path.join(process.cwd(), 'node_modules', 'zxing-wasm', 'dist');
const { readBarcodes, prepareZXingModule } = require(path.join(here, 'cjs', 'reader', 'index.js'));

(async () => {
  await prepareZXingModule({
    overrides: { wasmBinary: fs.readFileSync(path.join(here, 'reader', 'zxing_reader.wasm')).buffer },
    fireImmediately: true,
  });
  const repeats = Math.max(1, Number(process.argv[2]) || 1);
  for (const file of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const picture = new Uint8Array(fs.readFileSync(file));
    const ms = [];
    let symbols = [];
    for (let i = 0; i < repeats; i++) {
      const start = process.hrtime.bigint();
      symbols = await readBarcodes(picture, { formats: ['QRCode'], maxNumberOfSymbols: 255, textMode: 'Plain' });
      ms.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    ms.sort((a, b) => a - b);
    const texts = symbols.filter((s) => s.isValid).map((s) => Buffer.from(s.text, 'utf8').toString('hex'));
    process.stdout.write(`${file}\t${ms[ms.length >> 1].toFixed(4)}\t${texts.join(',')}\n`);
  }
})().catch((err) => { console.error(err); process.exit(1); });
