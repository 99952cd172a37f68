(ns lib.portable)

(defn which [] #?(:clj :clojure :jank :jank :default :other))
