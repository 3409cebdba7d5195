package mention

import (
	"slices"
	"testing"

	"kizuki/internal/id"
)

func TestDirectory(t *testing.T) {
	d := &Directory{}
	for i, names := range [][]string{{"岡田 真帆", "おかだ まほ"}, {"岡田", ""}, {"東京チーム", ""}, {"Ann Lee"}, {"ジョン・サーバー"}} {
		for _, n := range names {
			d.Add(n, id.ID(i+1))
		}
	}
	d.Add("東京チーム", 7)
	for body, want := range map[string]struct {
		members []id.ID
		names   []string
	}{
		"@岡田 真帆さん":                {[]id.ID{1}, []string{"岡田 真帆"}},
		"これ＠岡田真帆、見て":              {[]id.ID{1}, []string{"岡田真帆"}},
		"@岡田　真帆":                  {[]id.ID{1}, []string{"岡田　真帆"}},
		"@岡田さん":                   {[]id.ID{2}, []string{"岡田"}},
		"@おかだまほ @オカダ マホ":          {[]id.ID{1}, []string{"おかだまほ", "オカダ マホ"}},
		"@ｵｶﾀﾞﾏﾎ":                 {[]id.ID{1}, []string{"ｵｶﾀﾞﾏﾎ"}},
		"＠東京チームの皆さん":              {[]id.ID{3, 7}, []string{"東京チーム"}},
		"@ann lee, @Annals":       {[]id.ID{4}, []string{"ann lee"}},
		"@岡田\n真帆":                 {[]id.ID{2}, []string{"岡田"}},
		"mail@ann.example @だれか @": {nil, nil},
		"@@岡田":                    {[]id.ID{2}, []string{"岡田"}},
		"@ジョン・サーバ":                {[]id.ID{5}, []string{"ジョン・サーバ"}},
	} {
		members, names := d.Find(body)
		if !slices.Equal(members, want.members) || !slices.Equal(names, want.names) {
			t.Errorf("%q: got %v %q, want %v %q", body, members, names, want.members, want.names)
		}
	}
	if members, _ := (&Directory{}).Find("@岡田"); members != nil {
		t.Error("an empty directory knows somebody")
	}
}
