// zxing-cpp of Debian beside our reader: `zxing-native repeats < list of PGM files`.
// One line for each picture: file, median ms, texts in hex. See ./build.
#define ZX_USE_UTF8
#include <ZXing/ReadBarcode.h>
#include "pgm.h"

int main(int argc, char **argv) {
	const auto hints = ZXing::DecodeHints().setFormats(ZXing::BarcodeFormat::QRCode); // defaults: harder, rotated, downscaled
	return eachPicture(argc, argv, [&](const Picture &p) {
		std::vector<std::string> texts;
		for (const auto &r : ZXing::ReadBarcodes({p.pixels.data(), p.width, p.height, ZXing::ImageFormat::Lum}, hints))
			texts.push_back(r.text());
		return texts;
	});
}
