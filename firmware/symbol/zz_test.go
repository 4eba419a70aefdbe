package symbol

import (
	"context"
	"fmt"
	"path/filepath"
	"sort"
	"testing"
)

func TestZZ(t *testing.T) {
	for _, set := range []string{"zxing", "zxingcpp", "dcc", "boofcv", "synth"} {
		var r Reader
		for bn, b := range map[string]Budget{"glance": Glance(), "thorough": Thorough()} {
			var spent []int
			var names []string
			for name, tr := range truths(t, set) {
				img := load(t, filepath.Join(shared(t), "frames", set, name))
				s, _ := r.Read(context.Background(), img, b)
				for _, x := range s {
					if tr.has(x.Text) {
						spent = append(spent, r.Spent().Modules)
						names = append(names, fmt.Sprint(r.Spent().Modules, " ", name))
						break
					}
				}
			}
			sort.Ints(spent)
			sort.Strings(names)
			k := len(spent)
			fmt.Println(set, bn, k, spent[max(0, k-12):])
		}
	}
	t.Fail()
}
