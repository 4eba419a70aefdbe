// ZBar beside our reader: `zbar-native repeats < list of PGM files`, output as of zxing.cpp.
#include <zbar.h>
#include "pgm.h"

int main(int argc, char **argv) {
	zbar::ImageScanner scanner;
	scanner.set_config(zbar::ZBAR_NONE, zbar::ZBAR_CFG_ENABLE, 0);
	scanner.set_config(zbar::ZBAR_QRCODE, zbar::ZBAR_CFG_ENABLE, 1);
	scanner.set_config(zbar::ZBAR_NONE, zbar::ZBAR_CFG_TEST_INVERTED, 1);
	return eachPicture(argc, argv, [&](const Picture &p) {
		zbar::Image image(p.width, p.height, "Y800", p.pixels.data(), p.pixels.size());
		scanner.scan(image);
		std::vector<std::string> texts;
		for (auto s = image.symbol_begin(); s != image.symbol_end(); ++s)
			texts.push_back(s->get_data());
		return texts;
	});
}
