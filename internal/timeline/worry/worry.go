// Package worry hears in words that somebody has a bad feeling.
package worry

import (
	"strings"

	"kizuki/internal/text"
)

// worries are the words after which a hunch is offered. They are few on
// purpose: an offer that comes too often is not read. Compared by
// text.FoldKana, so that ヤバい, やばい and ヤバイ are one.
var worries = folded("やばい", "不安", "嫌な予感", "いやな予感", "まずい", "心配", "worried", "bad feeling", "nervous")

// calm are sentences in which such a word says the opposite.
var calm = strings.NewReplacer(pairs(folded("心配ない", "心配はない", "心配なさそう", "心配いらない", "心配無用", "ご心配",
	"不安ない", "不安はない", "不安なく", "not worried", "not nervous",
	"まずいく", "まずいち", "まずいつ", "まずいろ", "まずいっ", "まずいま"))...) // まず いくつか, まず 一度 …

// Sounds reports whether words sound as if a bad feeling stood behind them; the
// page then asks, quietly.
func Sounds(body string) bool {
	body = calm.Replace(text.FoldKana(body))
	for _, w := range worries {
		if strings.Contains(body, w) {
			return true
		}
	}
	return false
}

func folded(list ...string) []string {
	for i := range list {
		list[i] = text.FoldKana(list[i])
	}
	return list
}

func pairs(list []string) []string {
	out := make([]string, 0, 2*len(list))
	for _, s := range list {
		out = append(out, s, " ")
	}
	return out
}
