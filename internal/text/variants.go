package text

import "strings"

// variants is the fold table: a variant character to the common one. NFKC already
// unites the compatibility ideographs (神 福 祥 and the like); here are the ones it
// keeps apart. Chosen are only pairs that are one character in two shapes (旧字体
// and well-known 異体字 of names), so that no two different words become one.
// Not united, though often mistaken for each other: 斎 and 斉, 碕 and 崎, 芦 and 葦.
var variants = variantTable()

// Each pair is "variant, common".
const variantPairs = `
髙高 﨑崎 嵜崎 𠮷吉 德徳 邊辺 邉辺 齋斎 齊斉 濱浜 濵浜 桒桑 嶋島 嶌島 瀨瀬 澤沢 廣広 眞真
櫻桜 槇槙 栁柳 栢柏 楳梅 檜桧 埜野 冨富 峯峰 嶽岳 舘館 舩船 邨村 穐秋 渕淵 渊淵 薮藪 籔藪 篭籠
鷗鴎 曾曽 堯尭 遙遥 瑤瑶 凜凛 晉晋 龍竜 瀧滝 澁渋 澀渋 蘆芦 凉涼 壷壺
國国 圀国 會会 學学 縣県 區区 驛駅 鐵鉄 藝芸 醫医 應応 廳庁 團団 圖図 圓円 號号 萬万 與与 來来
惠恵 榮栄 曉暁 靜静 淸清 增増 壽寿 實実 寶宝 寬寛 巖巌 彌弥 戶戸 豐豊 莊荘 藏蔵 敎教 黑黒 橫横
溫温 灣湾 爲為 祿禄 稻稲 穗穂 緖緒 緣縁 總総 聰聡 螢蛍 覺覚 讓譲 鄕郷 釋釈 鎭鎮 關関 靑青 顏顔
顯顕 飮飲 鹽塩 麥麦 默黙 齒歯 劍剣 勳勲 卷巻 吳呉 壯壮 條条 攝摂 樣様 樂楽 歷歴 每毎 淺浅 濟済
禮礼 竝並 經経 繪絵 續続 證証 譽誉 讀読 錄録 鍊錬 靈霊 鷄鶏 點点 兒児 兩両 內内 嚴厳 將将 專専
尙尚 峽峡 帶帯 彥彦 從従 恆恒 悅悦 戰戦 拂払 數数 曆暦 權権 步歩 氣気 滿満 燒焼 獨独 產産 畫画
發発 硏研 稅税 粹粋 絲糸 繩縄 聲声 舊旧 藥薬 處処 蠶蚕 裝装 觀観 說説 謠謡 豫予 賣売 轉転 輕軽
鄰隣 釀醸 錢銭 閱閲 隨随 雙双 驗験 體体 黃黄 龜亀 淨浄
ヶケ ヵカ 〜~
`

func variantTable() map[rune]rune {
	table := map[rune]rune{}
	for _, pair := range strings.Fields(variantPairs) {
		p := []rune(pair)
		table[p[0]] = p[1]
	}
	return table
}
