// What the peers have in common: the list of pictures comes in, one line for each goes out.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

struct Picture {
	int width = 0, height = 0;
	std::vector<uint8_t> pixels;
};

inline bool load(const std::string &file, Picture &p) {
	std::ifstream in(file, std::ios::binary);
	std::string magic;
	int most = 0;
	if (!(in >> magic >> p.width >> p.height >> most) || magic != "P5" || most != 255)
		return false;
	in.get();
	p.pixels.resize(size_t(p.width) * p.height);
	return bool(in.read(reinterpret_cast<char *>(p.pixels.data()), p.pixels.size()));
}

template <typename Read> int eachPicture(int argc, char **argv, Read read) {
	const int repeats = argc > 1 ? std::max(1, std::atoi(argv[1])) : 1;
	for (std::string file; std::getline(std::cin, file);) {
		Picture p;
		if (!load(file, p)) {
			std::fprintf(stderr, "%s is not a PGM file\n", file.c_str());
			return 1;
		}
		std::vector<std::string> texts;
		std::vector<double> ms;
		for (int i = 0; i < repeats; i++) {
			const auto start = std::chrono::steady_clock::now();
			texts = read(p);
			ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
		}
		std::nth_element(ms.begin(), ms.begin() + ms.size() / 2, ms.end());
		std::printf("%s\t%.4f\t", file.c_str(), ms[ms.size() / 2]);
		for (size_t i = 0; i < texts.size(); i++) {
			if (i)
				std::printf(",");
			for (unsigned char c : texts[i])
				std::printf("%02x", c);
		}
		std::printf("\n");
	}
	return 0;
}
