package worry

import "testing"

func TestSounds(t *testing.T) {
	for _, s := range []string{"これヤバい", "やばいかも", "ﾔﾊﾞｲ", "ちょっと不安です", "なんとなく*嫌な予感*", "まずいことになった", "心配です",
		"I have a bad feeling", "a bit Worried", "いやな予感"} {
		if !Sounds(s) {
			t.Errorf("%q is not offered a hunch", s)
		}
	}
	for _, s := range []string{"", "順調です", "まずいくつか確認する", "心配ないと思う", "不安はないそう", "ご心配をおかけしました", "not worried at all"} {
		if Sounds(s) {
			t.Errorf("%q is offered a hunch", s)
		}
	}
}
