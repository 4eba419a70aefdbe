package symbol

import (
	"context"
	"fmt"
	"path/filepath"
	"sort"
	"testing"

	"example.org/checkpoint/firmware/symbol/internal/codewords"
)

func BenchmarkZ(b *testing.B) {
	for _, v := range []int{5, 40} {
		img, err := Draw("X", Drawing{Version: v, Module: 4})
		if err != nil {
			b.Fatal(err)
		}
		var r Reader
		s, _ := r.Read(context.Background(), img, Thorough())
		if len(s) != 1 {
			b.Fatal(s)
		}
		g := r.grid
		n2 := float64(g.Modules * g.Modules)
		b.Run(fmt.Sprint(v, "/sample"), func(b *testing.B) {
			for b.Loop() {
				r.sampler.Sample(&g, &r.base)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n2, "ns/module")
		})
		b.Run(fmt.Sprint(v, "/sort"), func(b *testing.B) {
			for b.Loop() {
				r.sampler.Sort(0.3)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n2, "ns/module")
		})
		b.Run(fmt.Sprint(v, "/decode"), func(b *testing.B) {
			m := codewords.Modules{N: r.sampler.N, Dark: r.sampler.Dark}
			f, _ := m.Format()
			for b.Loop() {
				m.Read(f)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n2, "ns/module")
		})
		b.Run(fmt.Sprint(v, "/warp"), func(b *testing.B) {
			for b.Loop() {
				h := g
				h.Warp(&r.base, &r.sampler)
			}
		})
	}
}

func TestZZ2(t *testing.T) {
	*seed = 21
	for bn, bu := range map[string]Budget{"glance": Glance(), "thorough": Thorough()} {
		for _, set := range [][]picture{fresh(t), hard(t)} {
			var r Reader
			var spent []int
			for _, p := range set {
				s, _ := r.Read(context.Background(), p.img, bu)
				if len(s) > 0 {
					spent = append(spent, r.Spent().Modules)
				}
			}
			sort.Ints(spent)
			fmt.Println(set[0].set, bn, len(spent), spent[max(0, len(spent)-12):])
		}
	}
	_ = filepath.Join
	t.Fail()
}
